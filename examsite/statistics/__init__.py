"""How well people mark and questions work, in figures: agreement, severity, drift, items. No I/O, no clock, no words.

For the head of marking and the council. Statistics choose who and what is looked at; they change no score, and no
score is ever made from one of these figures. Binary floats are allowed here and nowhere near a score.

Every figure comes as a `Figure`: a finite number, with its interval where there is one, or the reason why there is
none. A caller never meets NaN or infinity.

Decision: a package between `domain` and the rest, because the rules know the standard library only and these figures
need numpy and scipy. `figures`, `findings`, `intervals`, `items`, `anomalies` and `similarity` import neither on top;
all others need numpy at once. Import those inside the function that uses them, so that the server starts without it.

Decision: coefficients are written out here and held to published values by tests. Of the libraries that have them,
pingouin and krippendorff are under the GPL, and scikit-learn and statsmodels would multiply what is installed for one
formula each. Quantiles come from scipy.
"""
