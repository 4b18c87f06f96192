/** Before the line of a file goes: the focus goes to the line beside it, or to what more files are chosen with. */
export function leaveLine(button: HTMLElement) {
  const line = button.closest('li')
  const beside = line?.nextElementSibling ?? line?.previousElementSibling
  const choose = line?.parentElement?.parentElement?.querySelector<HTMLElement>('[data-choose]') ?? line?.closest('form, section')?.querySelector<HTMLElement>('[data-choose]')
  const next = beside?.querySelector<HTMLElement>('button:last-of-type') ?? choose
  next?.focus()
}
