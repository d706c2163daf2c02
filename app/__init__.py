"""Assembly: settings, wiring, the web server and the command line; the only room that knows all the others."""
