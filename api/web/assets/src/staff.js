// What staff pages gain from JavaScript: live fragments, drafts saved while typing, one press per button.
import htmx from 'htmx.org';

htmx.config.includeIndicatorCSS = false;
htmx.config.allowEval = false;

const interval = 15_000;
let wait = interval;

function poll() {
  if (document.visibilityState === 'visible') {
    document.querySelectorAll('[data-poll]').forEach((element) => element.dispatchEvent(new CustomEvent('poll')));
  }
  setTimeout(poll, wait * (0.8 + Math.random() * 0.4));
}
setTimeout(poll, wait);
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState !== 'visible') return;
  document.querySelectorAll('[data-poll]').forEach((element) => element.dispatchEvent(new CustomEvent('poll')));
});
document.addEventListener('htmx:responseError', () => { wait = 60_000; });
document.addEventListener('htmx:afterSwap', () => { wait = interval; });

for (const form of document.querySelectorAll('form[data-draft]')) {
  const status = document.getElementById('draft-status');
  let timer;
  let saved = new URLSearchParams(new FormData(form)).toString();
  const save = async () => {
    clearTimeout(timer);
    const data = new URLSearchParams(new FormData(form));
    if (data.toString() === saved) return;
    try {
      const answer = await fetch(form.dataset.draft, { method: 'POST', body: data, headers: { 'HX-Request': 'true' } });
      if (!answer.ok) throw new Error(answer.statusText);
      saved = data.toString();
      const time = new Date().toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
      status.textContent = `Draft saved ${time}`;
    } catch {
      status.textContent = 'Draft not saved. Your typing is still here.';
    }
  };
  form.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(save, 2_000); });
  form.addEventListener('focusout', save);
}

// A session that is about to end is announced five minutes before, and kept by a press; every answer says how long it lives.
const warning = document.getElementById('session-warning');
if (warning) {
  const before = 300;
  let ends = Date.now() + Number(warning.dataset.left) * 1_000;
  const look = () => {
    const left = (ends - Date.now()) / 1_000;
    warning.querySelector('[data-at]').textContent = new Date(ends).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
    warning.hidden = left > before || left <= 0;
  };
  const native = window.fetch.bind(window);
  window.fetch = async (...request) => {
    const answer = await native(...request);
    const told = answer.headers.get('Redress-Session-Left');
    if (told !== null) { ends = Date.now() + Number(told) * 1_000; look(); }
    return answer;
  };
  setInterval(look, 10_000);
  warning.querySelector('button').addEventListener('click', () => fetch(warning.dataset.keep, { method: 'HEAD' }));
}

document.addEventListener('submit', (event) => {
  const button = event.submitter;
  if (!button || event.defaultPrevented) return;
  if (event.target.dataset.sent) { event.preventDefault(); return; }
  if (event.target.method === 'post') {
    event.target.dataset.sent = 'yes';
    button.setAttribute('aria-disabled', 'true');
  }
});
window.addEventListener('pageshow', () => {
  document.querySelectorAll('form[data-sent]').forEach((form) => delete form.dataset.sent);
  document.querySelectorAll('button[aria-disabled]').forEach((button) => button.removeAttribute('aria-disabled'));
});
