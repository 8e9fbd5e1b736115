"""Running a circuit: arguments, limits of control, recording, labelled output."""
