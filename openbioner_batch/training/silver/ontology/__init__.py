"""Silver data from ontologies: their classes as described types, their names in texts as mentions."""
