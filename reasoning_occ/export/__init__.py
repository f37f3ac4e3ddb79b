"""A run's model as a folder for a model hub."""
