"""The conditional GAN: generator, discriminator, losses, training, drawing; tensors only."""
