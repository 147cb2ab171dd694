"""Arguments of the surfaces: each module has ``add_arguments(parser)`` and ``configs(arguments)``."""
