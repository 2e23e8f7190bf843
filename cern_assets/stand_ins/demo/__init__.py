"""What a newcomer can run without accounts: the sample collection, its portal and the embedded repository."""
