"""References to cite for strategies and classifiers; the entries of the registries use them."""

from common.references import Reference

KITTLER = Reference(
    "article",
    "Kittler, Josef and Hatef, Mohamad and Duin, Robert P. W. and Matas, Jiri",
    "On combining classifiers",
    "IEEE Transactions on Pattern Analysis and Machine Intelligence",
    1998,
)
WOLPERT = Reference("article", "Wolpert, David H.", "Stacked generalization", "Neural Networks", 1992)
JOLLIFFE = Reference("book", "Jolliffe, I. T.", "Principal component analysis", "Springer", 2002)
HOTELLING = Reference("article", "Hotelling, Harold", "Relations between two sets of variates", "Biometrika", 1936)
KETTENRING = Reference(
    "article", "Kettenring, J. R.", "Canonical analysis of several sets of variables", "Biometrika", 1971
)
VINCENT = Reference(
    "inproceedings",
    "Vincent, Pascal and Larochelle, Hugo and Bengio, Yoshua and Manzagol, Pierre-Antoine",
    "Extracting and composing robust features with denoising autoencoders",
    "Proceedings of ICML",
    2008,
)
NGIAM = Reference(
    "inproceedings",
    "Ngiam, Jiquan and Khosla, Aditya and Kim, Mingyu and Nam, Juhan and Lee, Honglak and Ng, Andrew Y.",
    "Multimodal deep learning",
    "Proceedings of ICML",
    2011,
)
VASWANI = Reference(
    "inproceedings",
    "Vaswani, Ashish and Shazeer, Noam and Parmar, Niki and Uszkoreit, Jakob and others",
    "Attention is all you need",
    "Advances in Neural Information Processing Systems",
    2017,
)
TSAI = Reference(
    "inproceedings",
    "Tsai, Yao-Hung Hubert and Bai, Shaojie and Liang, Paul Pu and Kolter, J. Zico and others",
    "Multimodal transformer for unaligned multimodal language sequences",
    "Proceedings of ACL",
    2019,
)
PORIA = Reference(
    "inproceedings",
    "Poria, Soujanya and Cambria, Erik and Hazarika, Devamanyu and Mazumder, Navonil and others",
    "Multi-level multiple attentions for contextual multimodal sentiment analysis",
    "Proceedings of ICDM",
    2017,
)
LIN = Reference(
    "inproceedings",
    "Lin, Zhouhan and Feng, Minwei and dos Santos, Cicero Nogueira and Yu, Mo and others",
    "A structured self-attentive sentence embedding",
    "Proceedings of ICLR",
    2017,
)
PICZAK = Reference(
    "inproceedings",
    "Piczak, Karol J.",
    "Environmental sound classification with convolutional neural networks",
    "Proceedings of MLSP",
    2015,
)
HOCHREITER = Reference(
    "article", "Hochreiter, Sepp and Schmidhuber, Jürgen", "Long short-term memory", "Neural Computation", 1997
)
CORTES = Reference(
    "article", "Cortes, Corinna and Vapnik, Vladimir", "Support-vector networks", "Machine Learning", 1995
)
PLATT = Reference(
    "inproceedings",
    "Platt, John C.",
    "Probabilistic outputs for support vector machines and comparisons to regularized likelihood methods",
    "Advances in Large Margin Classifiers",
    1999,
)
BREIMAN = Reference("article", "Breiman, Leo", "Random forests", "Machine Learning", 2001)
CHEN = Reference(
    "inproceedings",
    "Chen, Tianqi and Guestrin, Carlos",
    "XGBoost: A scalable tree boosting system",
    "Proceedings of KDD",
    2016,
)
