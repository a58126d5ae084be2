"""Routes customers' questions to the agents of a help desk."""
