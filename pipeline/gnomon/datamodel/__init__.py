"""What flows between the stages: options, tables, scenes, ports, decisions and errors."""
