"""Silver data from ontologies: their classes as described types, their names found in texts as mentions."""
