"use strict";
// A chart is drawn when it comes near the window, so that a page of many columns opens at once.
(() => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const boxes = [...document.querySelectorAll("[data-figure]")];
  const draw = (box) => {
    if (box.dataset.state) return;
    const figure = figures[Number(box.dataset.figure)];
    box.dataset.state = "drawing";
    Plotly.newPlot(box, figure.data, figure.layout, { displayModeBar: false, responsive: true, typesetMath: false })
      .then(() => { box.dataset.state = "drawn"; });
  };
  const near = new IntersectionObserver((seen) => {
    for (const one of seen) {
      if (one.isIntersecting) {
        near.unobserve(one.target);
        draw(one.target);
      }
    }
  }, { rootMargin: "600px" });
  boxes.forEach((box) => near.observe(box));
  addEventListener("beforeprint", () => {
    boxes.forEach(draw);
    document.getElementById("words").open = true;  // paper cannot be clicked
  });
})();
