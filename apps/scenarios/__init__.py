"""The program `scenarios`: a book under stress, through a network and by full revaluation."""
