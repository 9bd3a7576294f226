"""The one machine: goroutines over finite-domain cells. Everything downstream reads only this."""
