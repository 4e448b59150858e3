"""Known conventions and mistakes, each as a GRU over numbers with error bounds."""
