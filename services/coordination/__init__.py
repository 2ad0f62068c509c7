"""What processes on one store share: leases, the call budget, the clock, and process identity."""
