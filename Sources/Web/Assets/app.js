// Everything works without this file. It adds: live lists, keys on the desk, typed words that come back after a lost
// answer, and a report that waits for the network.
(() => {
  'use strict';
  const $ = (s, r = document) => r.querySelector(s);

  // A form is sent once. The key inside makes a second arrival harmless.
  document.addEventListener('submit', (e) => {
    const form = e.target;
    if (form.dataset.sent) { e.preventDefault(); return; }
    if (!form.matches('[data-offline]')) { form.dataset.sent = '1'; setTimeout(() => delete form.dataset.sent, 4000); }
  });

  // What was typed into a form is kept in this tab until the server has answered it, and put back where it was not.
  let drafts = null;
  try { drafts = window.sessionStorage; } catch { /* a browser that keeps nothing */ }
  const typed = (form) => [...form.elements].filter((e) => e.name && !['hidden', 'password', 'file', 'submit', 'button'].includes(e.type)
    && e.tagName !== 'FIELDSET');
  const which = (form) => [form.getAttribute('action'), form.elements.do?.value, ...typed(form).map((e) => e.name)].join(' ');
  const values = (form) => typed(form).map((e) => (e.type === 'checkbox' || e.type === 'radio' ? e.checked : e.value));
  const tellKept = (form) => {
    if ($('.kept-back', form)) return;
    const note = Object.assign(document.createElement('p'), { className: 'note kept-back', textContent: document.body.dataset.keptWords });
    note.setAttribute('role', 'alert');
    form.prepend(note);
    for (let d = form.closest('details'); d; d = d.parentElement.closest('details')) d.open = true;
    note.scrollIntoView({ block: 'center' });
  };
  document.addEventListener('submit', (e) => {
    const form = e.target;
    if (e.defaultPrevented || form.method !== 'post' || form.matches('[data-offline]')) return;
    if (!navigator.onLine) {
      e.preventDefault(); delete form.dataset.sent; tellKept(form);
      return;
    }
    if (!typed(form).some((e) => 'defaultValue' in e && e.value.trim()) || form.elements._sent) return;
    const sent = Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => (b % 36).toString(36)).join('');
    form.append(Object.assign(document.createElement('input'), { type: 'hidden', name: '_sent', value: sent }));
    try { drafts?.setItem('kept', JSON.stringify({ sent, which: which(form), values: values(form), at: Date.now() })); } catch { /* no room */ }
  });
  const putBack = () => {
    const kept = JSON.parse(drafts?.getItem('kept') || 'null');
    if (!kept) return;
    const answer = `rs_sent_${kept.sent}`;
    if (document.cookie.includes(answer) || Date.now() - kept.at > 3600000) {
      document.cookie = `${answer}=; Path=/; Max-Age=0`; drafts.removeItem('kept');
      return;
    }
    const form = [...document.forms].find((f) => f.method === 'post' && which(f) === kept.which);
    if (!form) return;
    typed(form).forEach((e, i) => { if (typeof kept.values[i] === 'boolean') e.checked = kept.values[i]; else e.value = kept.values[i]; });
    drafts.removeItem('kept');
    tellKept(form);
  };
  // A page that comes back as it was left (bfcache) has its words; it is told of the missing answer as well.
  addEventListener('pageshow', () => {
    document.querySelectorAll('form:not([data-again])').forEach((f) => { delete f.dataset.sent; f.elements._sent?.remove(); });
    try { putBack(); } catch { drafts?.removeItem('kept'); }
  });

  // The offline box: a report is kept in the phone until it got through.
  const open = () => new Promise((ok, no) => {
    const r = indexedDB.open('redsteward', 1);
    r.onupgradeneeded = () => r.result.createObjectStore('reports', { keyPath: 'key' });
    r.onsuccess = () => ok(r.result); r.onerror = () => no(r.error);
  });
  const store = async (mode, work) => {
    const db = await open();
    return new Promise((ok, no) => {
      const t = db.transaction('reports', mode); const q = work(t.objectStore('reports'));
      t.oncomplete = () => ok(q && q.result); t.onerror = () => no(t.error);
    });
  };
  const post = async (action, fields) => {
    const data = new FormData();
    for (const [k, v] of fields) data.append(k, v);
    return fetch(action, { method: 'POST', body: data, redirect: 'follow', credentials: 'same-origin' });
  };
  const flush = async () => {
    for (const item of (await store('readonly', (s) => s.getAll())) || []) {
      try {
        const answer = await post(item.action, item.fields);
        if (answer.ok || answer.status === 422 || answer.status === 403) await store('readwrite', (s) => s.delete(item.key));
        if (answer.ok && $('[data-offline]')) location.href = answer.url;
      } catch { return; }
    }
  };
  // A network that is there says nothing when the server is back: it is asked, less and less often.
  const retry = (ms) => setTimeout(async () => {
    await flush().catch(() => {});
    if (((await store('readonly', (s) => s.getAll())) || []).length) retry(Math.min(ms * 2, 60000));
  }, ms);
  const report = $('form[data-offline]');
  if (report && 'indexedDB' in window) {
    report.addEventListener('submit', async (e) => {
      e.preventDefault();
      const button = $('button[type=submit], button:not([type])', report);
      button.disabled = true;
      const fields = [...new FormData(report)].filter(([, v]) => !(v instanceof File && !v.size));
      const key = (fields.find(([k]) => k === 'key') || [])[1] || String(Date.now());
      try {
        const answer = await post(report.action, fields);
        if (answer.ok) { location.href = answer.url; return; }
        // A server that cannot keep it now: the words stay here, and are sent again under the same key.
        if (answer.status >= 500) throw answer;
        document.open(); document.write(await answer.text()); document.close();
      } catch {
        await store('readwrite', (s) => s.put({ key, action: report.action, fields }));
        button.disabled = false;
        $('[data-kept]', report).hidden = false;
        retry(4000);
      }
    });
    const box = $('[data-count]', report);
    report.addEventListener('change', (e) => {
      if (e.target.type === 'file' && box) box.textContent = e.target.files.length ? box.dataset.count.replace('{0}', e.target.files.length) : '';
    });
  }
  if ('indexedDB' in window) { addEventListener('online', flush); flush().catch(() => {}); }

  // What a sentence sounds like: category chips follow the words.
  const what = $('#what'), kinds = $('[data-kinds]');
  if (what && kinds) {
    const table = JSON.parse(kinds.dataset.kinds);
    let chosen = !!$('input:checked', kinds);
    const name = $('[data-kind]');
    const tell = () => {
      const radio = $('input:checked', kinds);
      if (name) name.textContent = radio ? radio.parentElement.textContent.trim() : '';
    };
    tell();
    kinds.addEventListener('change', () => { chosen = true; tell(); });
    what.addEventListener('input', () => {
      if (chosen) return;
      for (const [id, list] of table) {
        const hit = list.some((w) => what.value.includes(w));
        const radio = $(`input[value="${id}"]`, kinds);
        if (radio && hit) { radio.checked = true; tell(); return; }
      }
    });
  }

  // A reply template fills its field without leaving what else was typed; where that fails, its link does.
  document.addEventListener('click', async (e) => {
    const link = e.target.closest('a[data-template]'), field = link && document.getElementById(link.dataset.template);
    if (!field || e.ctrlKey || e.metaKey || e.shiftKey) return;
    e.preventDefault();
    try {
      const answer = await fetch(link.href, { credentials: 'same-origin' });
      const doc = new DOMParser().parseFromString(await answer.text(), 'text/html');
      field.value = doc.getElementById(link.dataset.template).value;
      for (let d = field.closest('details'); d; d = d.parentElement.closest('details')) d.open = true;
      field.focus();
    } catch { location.href = link.href; }
  });

  // The desk: keys and live rows.
  const jobs = $('.jobs');
  if (jobs) {
    const rows = () => [...document.querySelectorAll('.job')];
    document.addEventListener('keydown', (e) => {
      if (e.target.matches('input,textarea,select') || e.ctrlKey || e.metaKey || e.altKey) {
        if (e.key === 'Escape') e.target.blur();
        return;
      }
      const list = rows(); let i = list.indexOf(document.activeElement);
      if (i < 0) i = list.findIndex((r) => r.hasAttribute('aria-current'));
      if (e.key === 'j') (list[i + 1] || list[list.length - 1])?.focus();
      else if (e.key === 'k') (list[i - 1] || list[0])?.focus();
      else if (e.key === '/') { e.preventDefault(); $('#s')?.focus(); }
      else if (e.key === 'n') $('[data-new]')?.click();
      else if (e.key === 'e') $('[data-next]')?.click();
      else if (e.key === '?') { const k = $('.keys'); if (k) k.scrollIntoView(); }
    });
    const live = $('[data-live]');
    if (live && 'EventSource' in window) {
      let timer = 0;
      const source = new EventSource('/desk/live');
      const refresh = async () => {
        timer = 0;
        try {
          const answer = await fetch(location.pathname + location.search, { credentials: 'same-origin' });
          if (!answer.ok) return;
          const doc = new DOMParser().parseFromString(await answer.text(), 'text/html');
          const focus = document.activeElement?.closest('.job')?.getAttribute('href');
          for (const sel of ['.jobs', '.queues']) {
            const from = [...doc.querySelectorAll(sel)], to = [...document.querySelectorAll(sel)];
            // In large type a list may have gained or lost its second part.
            if (from.length !== to.length) { location.reload(); return; }
            from.forEach((part, i) => to[i].replaceChildren(...part.childNodes));
          }
          if (focus) rows().find((r) => r.getAttribute('href') === focus)?.focus();
        } catch { /* the next event tries again */ }
      };
      source.addEventListener('changed', () => { if (!timer) timer = setTimeout(refresh, 400); });
      source.onopen = () => { live.hidden = false; };
      source.onerror = () => { live.hidden = true; };
    }
  }

  // The numbers of many estates: fetched again when they change, at most once a second, and now and then in any case,
  // for time alone breaks promises.
  const screen = $('[data-screen]');
  if (screen && 'EventSource' in window) {
    let timer = 0;
    const refresh = async () => {
      timer = 0;
      try {
        const answer = await fetch(location.href, { credentials: 'same-origin' });
        if (!answer.ok) return;
        const doc = new DOMParser().parseFromString(await answer.text(), 'text/html');
        const fresh = $('[data-screen]', doc);
        if (!fresh) return;
        const open = [...document.querySelectorAll('[data-screen] details[open][id]')].map((d) => d.id);
        const focus = document.activeElement?.closest('[data-screen] a')?.getAttribute('href');
        screen.replaceChildren(...fresh.childNodes);
        for (const id of open) { const d = document.getElementById(id); if (d) d.open = true; }
        if (focus) $(`[data-screen] a[href="${CSS.escape(focus)}"]`)?.focus();
        const clock = $('[data-clock]', doc);
        if (clock) $('[data-clock]')?.replaceChildren(...clock.childNodes);
        const live = $('[data-live]', screen);
        if (live) live.hidden = source.readyState !== 1;
      } catch { /* the next event tries again */ }
    };
    const soon = (ms) => { if (!timer) timer = setTimeout(refresh, ms); };
    const source = new EventSource(screen.dataset.screen);
    const tell = (on) => { const live = $('[data-live]', screen); if (live) live.hidden = !on; };
    source.addEventListener('changed', () => soon(1000));
    source.onopen = () => tell(true);
    source.onerror = () => tell(false);
    setInterval(() => soon(0), 30000);
  }
})();
