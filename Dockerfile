FROM python:3.12-slim

ENV PYTHONUNBUFFERED=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1

WORKDIR /app
RUN useradd --system --no-create-home --shell /usr/sbin/nologin rollcall

COPY requirements.txt constraints.txt ./
RUN pip install -r requirements.txt

COPY . .
# The key signs nothing here: collecting static files only needs the settings to load.
RUN SECRET_KEY=unused python manage.py collectstatic --no-input

USER rollcall
EXPOSE 8000
# Worker heartbeats are files: in memory, so that a slow disk never looks like a dead worker.
CMD ["gunicorn", "config.wsgi:application", "--worker-class", "gthread", "--workers", "2", "--threads", "8", \
     "--bind", "0.0.0.0:8000", "--worker-tmp-dir", "/dev/shm"]
