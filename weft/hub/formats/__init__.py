"""What a file for the hub may be, read by parsers of our own that never follow a number they have not checked."""
