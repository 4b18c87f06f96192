/** Any of some options. */
export function Checks({ legend, options, chosen, onChange }: {
  legend: string
  options: readonly { value: string; label: string }[]
  chosen: readonly string[]
  onChange: (chosen: string[]) => void
}) {
  const toggle = (value: string, on: boolean) => onChange(on ? [...chosen, value] : chosen.filter((one) => one !== value))
  if (!options.length) return null
  return (
    <fieldset>
      <legend>{legend}</legend>
      <div className="checks">
        {options.map(({ value, label }) => (
          <label key={value} className="check">
            <input type="checkbox" checked={chosen.includes(value)} onChange={(event) => toggle(value, event.target.checked)} />
            <span dir="auto">{label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}

/** One of some options. */
export function Select({ id, label, name, value, options, onChange }: {
  id: string
  label: string
  name?: string
  value: string
  options: readonly { value: string; label: string }[]
  onChange: (value: string) => void
}) {
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select id={id} name={name} value={value} onChange={(event) => onChange(event.target.value)}>
        {options.map((one) => (
          <option key={one.value} value={one.value}>{one.label}</option>
        ))}
      </select>
    </div>
  )
}
