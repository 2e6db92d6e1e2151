"""Published data of clustered pairs; the answers stand in the tests."""

import numpy as np

# The worked example of Obuchowski (1997, table 3), also that of the guide to Cleveland
# Clinic's clusteredROC functions, whose printed answers are in the tests: two arteries
# of a patient by magnetic resonance angiography; patient, disease, readers 1 and 2.
ARTERIES = """
1 1 87 87, 1 1 79 83, 2 1 88 94, 2 1 95 93, 3 1 100 100, 3 1 68 79, 4 1 65 61,
4 1 89 91, 5 1 97 97, 5 1 100 100, 6 1 100 99, 6 1 89 88, 7 1 77 77, 8 1 94 89,
8 0 45 44, 9 1 89 92, 9 0 -11 -17, 10 1 95 91, 10 0 30 14, 11 1 95 95, 11 0 10 -122,
12 1 100 100, 12 0 19 -3, 13 1 75 75, 14 0 70 73, 14 1 70 81, 15 0 26 27, 15 1 86 93,
16 0 0 8, 16 1 65 70, 17 0 6 23, 17 1 100 100, 18 0 76 79, 18 1 96 95, 19 0 44 55,
19 1 100 100, 20 0 73 67, 20 1 97 94, 21 1 85 86, 22 0 58 60, 22 1 100 99, 23 0 -2 -2,
23 1 100 100, 24 0 -3 -14, 24 0 0 -11, 25 0 47 -3, 25 0 -94 -90, 26 0 -16 17,
26 0 75 85, 27 0 5 -22, 27 0 -1 -14, 28 0 -6 -52, 29 0 37 38, 29 0 47 35, 30 0 42 40,
30 0 4 6, 31 0 55 23, 31 0 55 45, 32 0 4 -87, 32 0 -13 -65, 33 0 49 24, 33 0 35 9,
34 0 53 66, 35 0 2 -15, 36 0 -48 -78
"""

# aSAH of the R package pROC (Turck et al. 2010; Robin et al. 2011): 72 patients of good
# outcome, then 41 of poor: the WFNS grade, and S100 beta in hundredths.
WFNS = (
    "111151221221112121134141551124112212122111121211324214115422111312244111"
    "32455552521254425552525245441442255225555"
)
S100B = """
13 14 10 4 47 18 10 10 4 8 4 9 11 7 17 7 11 13 19 5 16 14 34 9 50 46 16 7 43 45 11 8 9 8
6 13 10 14 15 6 5 9 4 9 8 16 9 8 33 11 28 7 10 32 7 5 24 38 10 15 8 14 10 7 4 19 15 47
17 15 50 48
13 10 16 12 44 71 49 7 33 9 7 41 35 48 96 25 86 52 207 7 77 30 3 9 23 70 27 71 8 26 13
10 11 22 56 14 58 32 82 74 44
"""

# Counts by cluster: both right, only a, only b, neither. The first is `obfuscation` of
# the R package clust.bin.pair (Gopstein et al. 2017; a programmer and a kind of code is
# a cluster), the second its `thyroids`: PET and SPECT of 21 patients without
# hyperparathyroidism (Obuchowski 1998, Statistics in Medicine 17:1495-1507).
CODE = """
0011 1010 0002 0011 0011 2000 2000 2000 2000 1001 2000 2000 1010 1010 2000 2000 1010
1100 1001 0002 1100 0011 2000 1010 2000 2000 2000 2000 2000 2000 2000 2000 1010 1010
0101 1010 0020 0002 0002 2000 2000 2000 2000 2000 2000 2000 2000 2000 2000 1010 0110
0010 1000 0001 1000 0010 1000 1000 1000 1000 1000 0010 0001
"""
GLANDS = """
0021 2010 3000 1000 2010 4000 3000 2000 1100 1000 2001 2000 3000 2000 0020 2001 2001
2010 2000 1000 2000
"""


def read_arteries():
    rows = np.array([row.split() for row in ARTERIES.split(",")], int)
    patient, disease, first, second = rows.T
    return disease == 1, first, second, patient


def read_haemorrhages():
    grade, protein = np.array(list(WFNS), int), np.array(S100B.split(), int)
    return np.arange(113) >= 72, protein, grade, np.arange(113)


def read_pairs(text):
    counts = np.array([list(word) for word in text.split()], int)
    right_a = np.tile([True, True, False, False], len(counts))
    right_b = np.tile([True, False, True, False], len(counts))
    cluster = np.repeat(np.arange(len(counts)), 4)
    columns = (right_a, right_b, cluster)
    return tuple(np.repeat(column, counts.ravel()) for column in columns)
