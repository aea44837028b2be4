"""What `make bench` runs: newsetl beside its named peers, a module for each subject.

    make bench                  everything, a few minutes: pysbd is slow
    make bench SUITE=pages      one subject: text, pages or dates
    python -m benchmarks pages --rounds 2

Each subject gives tables, and lines that tell what is missing or how a row was called. Nothing is asserted: machines
differ, so look at the ratios. A peer that is not installed has no row, and a line says so.
"""
