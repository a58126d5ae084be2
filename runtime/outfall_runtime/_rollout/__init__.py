"""How a rollout moves: stages, readiness, workers, history, rollback."""
