"""The data that the suite and a GRU exchange: cases, answers and declarations, with their JSON schemas."""
