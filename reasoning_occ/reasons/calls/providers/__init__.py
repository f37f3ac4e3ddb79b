"""Who answers: a file for each way to ask, over a provider's own SDK."""
