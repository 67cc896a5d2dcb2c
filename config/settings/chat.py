"""Stream Chat."""

from config import env

STREAM_API_KEY = env.STREAM_API_KEY
STREAM_API_SECRET = env.STREAM_API_SECRET
#: Other secrets of the application whose webhooks are taken, while the secret is being changed.
STREAM_WEBHOOK_SECRETS = env.STREAM_WEBHOOK_SECRETS
STREAM_BASE_URL = env.STREAM_BASE_URL
#: `user`: a company leads its own channels only. `admin`: its tokens reach everybody's (the deploy check warns).
STREAM_COMPANY_ROLE = env.STREAM_COMPANY_ROLE
#: Stream's user ids are `<prefix>_company_<id>` and `<prefix>_user_<id>`.
STREAM_ID_PREFIX = env.STREAM_ID_PREFIX
#: Seconds for one call, from the connection to the last byte (the SDK's own default).
STREAM_TIMEOUT = 6.0
#: Seconds that a request waits for its conversation; then it answers 202, and a task goes on.
CHAT_DEADLINE_SECONDS = 5.0
#: Seconds that a chat token is good for.
CHAT_TOKEN_SECONDS = 3600
