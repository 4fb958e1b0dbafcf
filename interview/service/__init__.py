"""What every face calls: one class per subject, each change committed on return."""
