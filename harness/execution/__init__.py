"""From cells to results: servers started and stopped, trials run, evidence kept, many cells side by side."""
