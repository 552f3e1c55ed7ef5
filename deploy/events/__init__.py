"""`rollcall events`: attendance events followed from Kafka, and all of them put into files from the database."""
