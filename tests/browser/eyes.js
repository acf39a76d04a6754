/* Axe is slow and most of what a page shows was looked at before, on another page, in other words. `eyes` tells what
   of this page is new, so that a walk through all pages looks at everything, and at each thing once. */
window.eyes = (() => {
  const hash = (text) => {
    let [a, b] = [0xdeadbeef, 0x41c6ce57];
    for (let i = 0; i < text.length; i++) {
      const c = text.charCodeAt(i);
      a = Math.imul(a ^ c, 2654435761); b = Math.imul(b ^ c, 1597334677);
    }
    return (b >>> 0).toString(36) + (a >>> 0).toString(36);
  };
  const place = (element) => {
    const index = element.parentElement ? [...element.parentElement.children].indexOf(element) % 2 : 0;  // Stripes.
    return `${element.tagName}.${element.className}${index}`;
  };
  const path = (element) => (element ? `${path(element.parentElement)}>${place(element)}` : "");
  const markup = (element) => hash(path(element) + element.outerHTML);
  const visible = (element) => element.getClientRects().length && element.checkVisibility({ visibilityProperty: true });
  const shown = () => [...document.body.querySelectorAll("*")].filter(visible);  // What is folded in does not.
  const speaks = (element) => ["INPUT", "SELECT", "TEXTAREA"].includes(element.tagName)
    || [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());

  /* What has left its place may lie upon anything. */
  const moved = (style) => !["static", "relative"].includes(style.position)
    || [style.transform, style.translate, style.float].some((value) => value !== "none")
    || [style.marginTop, style.marginLeft].some((value) => value.startsWith("-"))
    || (style.position === "relative" && [style.top, style.left].some((value) => !["auto", "0px"].includes(value)));

  /* A text's contrast follows from its colour and size, and from what is painted behind and over it: its paint. */
  const painter = () => {
    // Axe leaves out what cannot be used and the names of it, which says nothing about what looks like it.
    const unusable = [...document.querySelectorAll(":disabled, [aria-disabled=true]")].flatMap((control) => [
      control, ...(control.labels ?? []),
      ...(control.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)),
    ]);
    const known = new Map([[null, { grounds: "", veils: "", unused: false }]]);
    const around = (element) => {
      if (known.has(element)) return known.get(element);
      const { grounds, veils, unused } = around(element.parentElement), style = getComputedStyle(element);
      const { backgroundColor: ground, backgroundImage: picture } = style, apart = moved(style);
      const covers = !/^rgba|\/|transparent/.test(ground) && picture === "none" && !apart;  // Nothing below it shows.
      const bare = ground === "rgba(0, 0, 0, 0)" && picture === "none";
      const veil = [style.opacity, style.filter, style.mixBlendMode, style.backdropFilter].join();
      known.set(element, {
        grounds: (covers ? "" : grounds) + (bare ? "" : `|${ground} ${picture}`) + (apart ? `|${innerWidth} ${place(element)}` : ""),
        veils: veil === "1,none,normal,none" ? veils : `${veils}|${veil}`,
        unused: unused || unusable.includes(element),
      });
      return known.get(element);
    };
    return (element) => {
      const style = getComputedStyle(element), { grounds, veils, unused } = around(element);
      return hash([
        element.tagName, style.color, style.fontSize, style.fontWeight, style.textShadow, style.webkitTextFillColor,
        style.visibility, grounds, veils, unused,
      ].join(";"));
    };
  };

  /* What axe finds wrong with the contrast of texts whose paint is not known to be good, and what it found good: three
     of each paint are asked about, and all where it could not tell (a picture behind it): those are known one by one. */
  const contrast = async (known, options) => {
    const [good, paint, fresh] = [new Set(known), painter(), new Map()];
    for (const element of shown().filter(speaks)) {
      const mine = paint(element);
      if (good.has(mine) || good.has(markup(element))) continue;
      fresh.set(mine, [...(fresh.get(mine) ?? []), element]);
    }
    const learnt = new Set(), wrong = [];
    const ask = async (elements) => {
      if (!elements.length) return;
      const all = { ...options, resultTypes: ["passes", "violations"], elementRef: true };
      const { passes, violations } = await axe.run({ include: elements }, all);
      const of = (results) => new Set(results.flatMap(({ nodes }) => nodes.map(({ element }) => element)));
      const [passed, failed] = [of(passes), of(violations)];
      for (const element of elements.filter((element) => !failed.has(element)))
        learnt.add(passed.has(element) ? paint(element) : markup(element));
      for (const node of violations.flatMap(({ nodes }) => nodes)) delete node.element;  // It cannot leave the page.
      wrong.push(...violations);
    };
    await ask([...fresh.values()].flatMap((elements) => elements.slice(0, 3)));
    await ask([...fresh].flatMap(([mine, elements]) => (learnt.has(mine) ? [] : elements.slice(3))));
    return { violations: wrong, good: [...learnt] };
  };

  /* A part of a page is known if it was looked at before with the same place, mark-up, sight, names and references: what
     axe says of it cannot differ. Small parts are not worth the keeping. */
  const REFERENCES = ["aria-labelledby", "aria-describedby", "aria-controls", "aria-owns", "aria-activedescendant",
    "aria-details", "aria-errormessage", "aria-flowto", "for", "headers", "list", "form", "popovertarget"];
  const SMALL = 5;
  const others = (element) => [
    ...(element.labels ?? []),
    ...REFERENCES.filter((name) => element.hasAttribute(name))
      .flatMap((name) => element.getAttribute(name).split(" ")).map((id) => document.getElementById(id)),
  ].map((other) => (other ? `${other.outerHTML}${Boolean(visible(other))}` : "none"));
  const partsOf = (page) => {
    const parts = new Map(), sizes = new Map();
    const key = (element, above) => {
      const here = hash(above + place(element));
      const inside = [...element.childNodes].map((node) => (node.nodeType === 1 ? key(node, here) : node.data));
      const mine = hash([
        here, element.cloneNode(false).outerHTML, Boolean(visible(element)), ...others(element), ...inside,
      ].join("\n"));
      const size = [...element.children].reduce((sum, child) => sum + sizes.get(child), 1);
      sizes.set(element, size);
      if (size >= SMALL) parts.set(element, mine);
      return mine;
    };
    key(page, "");
    return parts;
  };
  const outermost = (elements) => {
    const all = new Set(elements);
    const within = (element) => element && (all.has(element) || within(element.parentElement));
    return elements.filter((element) => !within(element.parentElement));
  };

  /* What axe finds wrong with the page but for parts that are known, and the parts that are known from now on. */
  const old = new WeakSet();
  const page = async (known, options) => {
    const seen = new Set(known), parts = partsOf(document.body);
    const exclude = outermost([...parts.keys()].filter((element) => seen.has(parts.get(element))));
    const { violations } = await axe.run({ include: document, exclude }, options);
    shown().forEach((element) => old.add(element));
    return { violations, good: violations.length ? [] : [...parts.values()] };
  };

  /* What can be hit passes where it is large and nothing lies over it, or where the room around its middle (24 pixels)
     is its own: axe is not asked. What it says of the others follows from what is beside them, and from whether they
     stand in a text. */
  const HIT = `a[href], area, button, input, select, textarea, summary, iframe, audio, video, [contenteditable],
    [role][tabindex], [tabindex]:not([tabindex="-1"])`;
  const [LARGE, BESIDE, ROUNDING] = [24, 30, 1];
  const block = (element) =>
    (element.parentElement && getComputedStyle(element).display.startsWith("inline") ? block(element.parentElement) : element);
  const crowded = () => {
    const all = [...document.querySelectorAll(HIT)].filter(visible).map((element) => {
      const at = element.getBoundingClientRect(), [x, y] = [(at.left + at.right) / 2, (at.top + at.bottom) / 2];
      const half = LARGE / 2;
      const room = { left: x - half, right: x + half, top: y - half, bottom: y + half };
      return { element, at, room, small: Math.min(at.width, at.height) < LARGE };
    });
    const meet = (a, b, by) => a.left < b.right + by && a.right > b.left - by && a.top < b.bottom + by && a.bottom > b.top - by;
    const beside = (one, meets) => all.filter((other) => other !== one && meets(other));
    return all.filter((one) => beside(one, ({ at, room }) => meet(one.at, at, 0) || (one.small
      && (meet(one.room, at, ROUNDING) || meet(one.room, room, ROUNDING)))).length)
      .map((one) => [one.element, hash([
        markup(block(one.element)), [...block(one.element).querySelectorAll("*")].indexOf(one.element),
        ...[one, ...beside(one, ({ at }) => meet(one.at, at, BESIDE))]
          .flatMap(({ at }) => [at.left - one.at.left, at.top - one.at.top, at.width, at.height])
          .map((pixels) => pixels.toFixed(1)),
      ].join())]);
  };

  /* What axe finds wrong with sizes and with the order of headings: it is asked where these may differ. */
  const sizes = async (known, options) => {
    const seen = new Set(known);
    const headings = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6, [role=heading]")];
    const outline = hash(`${innerWidth} ${headings.filter(visible).map((h) => h.ariaLevel ?? h.tagName)}`);
    const fresh = crowded().filter(([, key]) => !seen.has(key));
    const scrolled = shown().filter((element) => (element.scrollWidth > element.clientWidth
      || element.scrollHeight > element.clientHeight) && /auto|scroll/.test(getComputedStyle(element).overflow));
    const include = [...fresh.map(([element]) => element), ...scrolled, ...(seen.has(outline) ? [] : headings)];
    if (!include.length) return { violations: [], good: [] };
    const { violations } = await axe.run({ include }, options);
    return { violations, good: violations.length ? [] : [outline, ...fresh.map(([, key]) => key)] };
  };

  /* What axe finds wrong with what shows now and did not when the page was looked at. What is known by its mark-up and
     place was looked at on another page. */
  const appeared = async (known, options) => {
    const seen = new Set(known);
    const fresh = shown().filter((element) => !old.has(element) && !seen.has(markup(element)));
    if (!fresh.length) return { violations: [], good: [] };
    const { violations } = await axe.run({ include: fresh }, options);
    return { violations, good: violations.length ? [] : fresh.map(markup) };
  };

  /* The page must not be wider than its window. */
  const width = async () => {
    const over = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    return { violations: over > 0 ? [{ id: "wider than its window", nodes: [{ target: `${over} pixels` }] }] : [], good: [] };
  };

  /* Nothing is written smaller than people can read; the two letters of a roundel only repeat the name beside it. */
  const letters = async () => {
    const nodes = [...document.body.querySelectorAll("*")].filter((element) => {
      const written = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
      if (!written || element.matches(".roundel, option, title")) return false;
      const scale = element.ownerSVGElement ? element.getScreenCTM().a : 1;
      return element.checkVisibility() && parseFloat(getComputedStyle(element).fontSize) * scale < 12.9;
    }).map((element) => ({ target: element.textContent.trim().slice(0, 40) }));
    return { violations: nodes.length ? [{ id: "smaller than 13 pixels", nodes }] : [], good: [] };
  };

  /* Several looks at once: [name, what is known, options] of each. */
  const look = async (looks) => {
    const found = [];
    for (const [what, known, options] of looks) found.push(await eyes[what](known.split(" "), options));
    return found;
  };

  return { contrast, page, sizes, appeared, width, letters, look };
})();
