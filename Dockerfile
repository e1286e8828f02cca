# The demo corpus in a container: docker build -t crossmodal . && docker run --rm -v "$PWD/out:/out" crossmodal
# One's own project: docker run --rm -v "$PWD:/project" -w /project crossmodal crossmodal evaluate --show
FROM python:3.11-slim-bookworm

# What OpenCV links to, and git, which DVC uses where there is a repository.
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends libgl1 libglib2.0-0 git \
    && rm -rf /var/lib/apt/lists/*

RUN useradd --create-home --uid 1000 crossmodal && mkdir -p /app /out && chown crossmodal:crossmodal /app /out
USER crossmodal
WORKDIR /app
ENV PATH=/home/crossmodal/venv/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 HF_HUB_OFFLINE=1

# The libraries first: they change less often than the code. torch's CPU build is a tenth of the size of the default one;
# TORCH_INDEX names where pip finds it, if the default index has another.
ARG TORCH_INDEX=
COPY --chown=crossmodal:crossmodal requirements.txt requirements-speech.txt ./
RUN python -m venv /home/crossmodal/venv \
    && pip install -q ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} "$(grep '^torch==' requirements.txt)" \
    && pip install -q -r requirements.txt -r requirements-speech.txt

COPY --chown=crossmodal:crossmodal . .
RUN pip install -q --no-deps . && crossmodal models install && crossmodal doctor

# `crossmodal settings` and all stages, then the answer; the results stay in /out, if that is a folder of the host's.
CMD ["sh", "-c", "dvc config core.no_scm true --local && dvc repro && crossmodal evaluate --show && cp -r results/demo /out/"]
