"""Common first and last names of several countries, by which a column of names is recognised.

Only recognition reads them; made-up persons have made-up names.
"""

from __future__ import annotations

FIRST_NAMES = frozenset(
    """
    aaron adam adrian ahmed aisha alan albert alejandro alessandro alex alexander alexandra alexis alfred ali
    alice amanda amber amir amy ana andre andrea andreas andrew angela anita ann anna anne annette anthony
    antoine antonio arthur ashley astrid barbara beatrice ben benjamin bernard bernd betty beverly bill birgit
    bob bradley brandon brenda brian brittany bruce bryan camille carl carla carlos carol caroline carolyn
    catherine charles charlotte cheryl chiara chris christian christina christine christoph christopher claire
    clara claudia claus craig crystal cynthia daniel daniela danielle david deborah debra denise dennis diana
    diane diego dirk dmitri donald donna doris dorothy douglas dylan edward elena elisabeth elizabeth ella
    ellen elsa emily emma enrico eric erik erika ernesto esther ethan eugene eva evelyn fatima felix fernando
    florian frances francesca francesco francois frank franz gabriel gary george gerald gerhard giovanni
    giulia gloria grace greg gregory hannah hans harold harry heather heidi heike heinz helen helga henri
    henry
    holger howard ian ibrahim igor ingrid irene isabel isabella ivan jack jacob jacqueline jacques james jamie
    jan jane janet janice jason javier jean jeffrey jennifer jens jeremy jerry jesse jessica jesus jim joan
    joe johan johann johannes john johnny jon jonas jonathan jordan jorge jose joseph joshua joyce juan
    juanita
    judith judy julia julian julie jurgen justin karen karin karl katarzyna katharina katherine kathleen
    kathryn katrin keith kelly kenneth kerstin kevin kim klaus krzysztof kyle larry lars laura lauren laurent
    lea lena leo leon leonard lina linda lisa liam logan lorenzo louis louise lucas lucia luigi luis luisa
    lukas lynn madison manuel marc marco marcus margaret maria marie mario marion mark markus marta martha
    martin martina mary maryam mateo matteo matthew matthias maurice max maximilian megan melanie melissa mia
    michael michaela michel michele michelle miguel mike mohamed mohammed monica monika nancy natalia natalie
    nathan nicholas nicola nicolas nicole nina noah nora norbert olaf oleg olga oliver olivia omar oscar otto
    pablo pamela patricia patrick paul paula pedro peter petra philip philipp philippe phillip pierre piotr
    rachel rainer ralf ralph ramon raymond rebecca renate richard rita robert roberto robin roger roland
    ronald rosa rose roy russell ruth ryan sabine sally sam samantha samuel sandra sara sarah scott sean
    sebastian sergei sharon shirley silvia simon sofia sophia sophie stefan stefanie stephan stephanie stephen
    steve steven susan susanne sven svetlana tamara teresa terry theodore theresa thomas tim timothy tobias
    todd tom tomas tony tyler ulrich ursula uwe valentina vanessa vera veronica victor victoria vincent
    vladimir walter wayne werner william willie wolfgang yasmin youssef yusuf yvonne zoe
    """.split()
)

LAST_NAMES = frozenset(
    """
    adams alexander allen alvarez anderson bailey baker barnes becker bell bennett bernard brooks brown bryant
    butler campbell carter castillo chavez clark coleman collins cook cooper cox cruz davis diaz dubois durand
    edwards evans fernandez fischer fisher flores foster garcia gibson gomez gonzales gonzalez graham gray
    green griffin gutierrez hall hamilton harris harrison hayes henderson henry hernandez hill hoffmann howard
    hughes jackson james jenkins jimenez johnson jones jordan kelly kim king klein koch lee lewis long lopez
    marshall martin martinez mason mcdonald mendoza meyer miller mitchell moore morales moreau morgan morris
    muller murphy murray myers nelson nguyen ortiz owens parker patel patterson perez perry peterson petit
    phillips powell price ramirez ramos reed reyes reynolds richard richards richardson richter rivera robert
    roberts robinson rodriguez rogers romero ross rossi ruiz russell russo sanchez sanders schmidt schneider
    schroder schulz schwarz scott silva simmons simon simpson singh smith stevens stewart sullivan taylor
    thomas thompson torres tran turner vasquez wagner walker wallace ward washington watson weber webb wells
    west white williams wilson wolf wood woods wright young zimmermann
    """.split()
)
