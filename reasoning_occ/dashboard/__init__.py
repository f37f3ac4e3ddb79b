"""A workspace and reports on Weights & Biases over the runs that `logger=wandb` has sent."""
