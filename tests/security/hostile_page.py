"""A page of another origin, that tries what it can against a control socket; and what it has found out."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser

PATIENCE_MILLISECONDS = 20_000
PAGE = b"<!doctype html><meta charset=utf-8><title>hostile</title><body></body>"

ATTEMPTS = """async (control) => {
  const found = {}, soon = (promise) => Promise.race([promise, new Promise((late) => setTimeout(late, 4000, 'late'))]);
  const say = async (name, attempt) => {
    try { found[name] = await soon(attempt()); } catch (refused) { found[name] = 'refused'; }
  };
  const text = async (reply) => reply.type === 'opaque' ? 'opaque' : `${reply.status} ${await reply.text()}`;
  const url = (path) => control + path;
  for (const path of ['/api/state', '/api/calls', '/api/calls/history', '/api/openapi.json', '/', '/page/app.mjs'])
    await say(`fetch ${path}`, async () => text(await fetch(url(path))));
  for (const path of ['/api/state', '/api/calls/history', '/quitquitquit'])
    await say(`no-cors ${path}`, async () => text(await fetch(url(path), {mode: 'no-cors', credentials: 'include'})));
  const posts = {
    'no-cors': {mode: 'no-cors'},
    'simple': {body: '{}', headers: {'Content-Type': 'text/plain'}},
    'with our header': {headers: {'X-Sidecar-Control': 'true'}},
    'with our header and no-cors': {mode: 'no-cors', headers: {'X-Sidecar-Control': 'true'}},
    'json': {body: '{"level": "debug"}', headers: {'Content-Type': 'application/json', 'X-Sidecar-Control': 'true'}},
  };
  for (const [name, options] of Object.entries(posts))
    for (const path of ['/api/drain', '/quitquitquit', '/api/operations/OPERATION/cancel'])
      await say(`POST ${name} ${path}`, async () => text(await fetch(url(path), {method: 'POST', ...options})));
  for (const method of ['PUT', 'DELETE'])
    await say(`${method} log level`, async () => text(await fetch(url('/api/log-level'), {method, body: '"debug"'})));
  await say('beacon', async () => { navigator.sendBeacon(url('/api/drain'), 'x'); return 'sent'; });
  const event = (thing, good, bad) => new Promise((told, refused) => {
    thing[good] = () => told(`${good}`); thing[bad] = () => refused();
  });
  await say('EventSource', () => { const source = new EventSource(url('/api/events'));
    return Promise.race([event(source, 'onmessage', 'onerror'), event(source, 'onopen', 'onerror')]); });
  await say('WebSocket', () => event(new WebSocket(url('/api/events').replace('http', 'ws')), 'onopen', 'onerror'));
  const load = (tag, path, rel) => { const made = document.createElement(tag);
    if (rel) { made.rel = rel; made.href = url(path); } else made.src = url(path);
    const loaded = event(made, 'onload', 'onerror'); document.body.append(made); return loaded; };
  await say('script', () => load('script', '/page/app.mjs'));
  await say('script of JSON', () => load('script', '/api/state'));
  await say('image', () => load('img', '/page/icon.svg'));
  await say('style', () => load('link', '/page/page.css', 'stylesheet'));
  await say('module', async () => Object.keys(await import(url('/page/formats.mjs'))).join());
  for (const path of ['/', '/api/state'])
    await say(`frame ${path}`, async () => { const frame = document.createElement('iframe');
      const loaded = event(frame, 'onload', 'onerror'); frame.src = url(path); document.body.append(frame); await loaded;
      try { return `seen ${frame.contentDocument.body.innerText}`; } catch { return 'closed'; } });
  for (const enctype of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'])
    await say(`form ${enctype}`, async () => {
      const frame = document.createElement('iframe'), form = document.createElement('form');
      frame.name = enctype; document.body.append(frame, form);
      Object.assign(form, {action: url('/api/drain'), method: 'post', enctype, target: enctype});
      const loaded = event(frame, 'onload', 'onerror'); form.submit(); return loaded; });
  return found;
}"""
"""What each attempt has brought: `refused`, or the little that may be had, or whatever was read."""


class _Serving(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: tests are quiet."""


@contextmanager
def hostile_site() -> Iterator[int]:
    """A server of the page; its port."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Serving) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def tried(browser: Browser, page_url: str, control: str, operation: str) -> dict[str, Any]:
    """What the page at this URL finds out of a control socket."""
    with browser.new_context() as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MILLISECONDS)
        page.goto(page_url)
        found: dict[str, Any] = page.evaluate(ATTEMPTS.replace("OPERATION", operation), control)
        return found
