"""What `make bench` runs: newsetl beside its named peers, a module for each subject.

    make bench                  text, pages, dates, chain, archive, readback: a quarter of an hour
    make bench SUITE=pages      one subject
    make bench SUITE=growth     growth, prefect and million take long and are run by name alone
    make bench SUITE="chain --records 2000 --runs 1"     any subject, small, to try it

text, pages and dates call functions in this process. The others run commands and watch their processes from outside
(watch.py, runs.py), on input that is made for the occasion (corpus.py, archive.py).

Each subject gives tables, and lines that tell what is missing or how a row was called. Nothing is asserted: machines
differ, so look at the ratios. A peer that is not installed has no row, and a line says so.
"""
