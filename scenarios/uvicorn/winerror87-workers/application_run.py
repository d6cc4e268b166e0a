# Starts the application with two workers by uvicorn.run: application_run.py APPLICATION PORT [PATIENCE].
import sys

import uvicorn

if __name__ == "__main__":
    patience = {"timeout_worker_healthcheck": int(sys.argv[3])} if len(sys.argv) > 3 else {}
    uvicorn.run(sys.argv[1], host="127.0.0.1", port=int(sys.argv[2]), workers=2, **patience)
