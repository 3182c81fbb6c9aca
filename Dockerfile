# One image for every process; compose.yaml and hosts name the process. It calls the same `make`
# targets as CI does.
FROM python:3.11-slim-bookworm

RUN apt-get update \
    && apt-get install -y --no-install-recommends make \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home countersign

WORKDIR /app
COPY Makefile requirements.txt requirements-embedder.txt ./
RUN make install

COPY . .
RUN make static && install -d -o countersign /app/var

ENV PATH=/app/.venv/bin:$PATH \
    DJANGO_SETTINGS_MODULE=config.settings.production \
    PYTHONUNBUFFERED=1 \
    OMP_NUM_THREADS=1 \
    OPENBLAS_NUM_THREADS=1 \
    TOKENIZERS_PARALLELISM=false \
    MPLCONFIGDIR=/app/var/matplotlib
USER countersign
EXPOSE 8000
CMD ["python", "-m", "embedded.procfile", "web"]
