"""What every room uses: modes, the evidence of staged states, counters, documents, times."""
