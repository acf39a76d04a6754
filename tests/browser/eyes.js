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

  /* What axe finds wrong with what shows now and did not when all that showed was `looked` at. What is known by its
     mark-up and place was looked at on another page. */
  const old = new WeakSet();
  const looked = () => shown().forEach((element) => old.add(element));
  const appeared = async (known, options) => {
    const seen = new Set(known);
    const fresh = shown().filter((element) => !old.has(element) && !seen.has(markup(element)));
    if (!fresh.length) return { violations: [], good: [] };
    const { violations } = await axe.run({ include: fresh }, options);
    return { violations, good: violations.length ? [] : fresh.map(markup) };
  };

  return { contrast, looked, appeared };
})();
