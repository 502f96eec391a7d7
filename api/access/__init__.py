"""Who is asking, and may they: every credential is looked at here and nowhere else."""
