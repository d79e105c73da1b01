"""A receiver of webhooks: checks each signature as the Standard Webhooks specification has it, and writes down what came."""
import base64, hashlib, hmac, http.server, json, os, ssl, sys

folder, port = sys.argv[1], int(sys.argv[2])
secret = open(os.path.join(folder, "secret")).read()


def now():
    """The time of the test; nothing where it says none: a receiver in earnest has its own clock."""
    said = os.path.join(folder, "now")
    return int(open(said).read()) if os.path.exists(said) else None


def signed_now(headers, body):
    """Whether a message was signed with the secret, and within five minutes: an older one is a replay."""
    at = now()
    if at is not None and abs(at - int(headers["webhook-timestamp"])) > 300:
        return False
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    made = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(made, one) for one in headers["webhook-signature"].split())


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        fits = signed_now(self.headers, body)
        came = {"id": self.headers["webhook-id"], "fits": fits, "at": self.headers["webhook-timestamp"], "body": body.decode()}
        with open(os.path.join(folder, "came"), "a") as file:
            file.write(json.dumps(came) + "\n")
        self.send_response(302 if self.path == "/elsewhere" else 200 if fits else 401)
        self.send_header("location", "/")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Receiver)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem"))
server.socket = context.wrap_socket(server.socket, server_side=True)
print("ready", flush=True)
server.serve_forever()
