"""Random small Go programs, judged by the product and by an independent interpreter."""
