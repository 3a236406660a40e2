"""What a researcher shows to others: the evidence page, and exports."""
