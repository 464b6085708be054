"""What people code next, who codes it, and how it goes to coders and comes back."""
