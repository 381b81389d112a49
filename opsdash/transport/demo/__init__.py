"""A fleet that is not there: recorded hosts, perturbed, with incidents that come and go."""
