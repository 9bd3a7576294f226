"""Measurements, taken as ratios beside a peer in the same run."""
