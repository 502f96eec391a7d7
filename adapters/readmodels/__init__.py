"""Implementations of `domain.ports.Placements`: tables derived from the events, and droppable."""
