-- How a file is called: original_name is what it was called where it came from, and what a download gives back;
-- file_name is the last part of its object's path. These functions alone decide which names there are. The service asks
-- them by writing the row; what it makes of a name by itself (casebase_files::name) a test holds to them
-- (crates/casebase/tests/database/names.rs).

-- A storage key segment that nothing trips over: Storage's own characters, no slash, no control, no leading or
-- trailing dot or space.
create function casebase.is_object_name(name text) returns boolean
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select octet_length(name) between 1 and 200
     and name ~ '^[A-Za-z0-9_!*''()&$=@;:+,?-]([A-Za-z0-9_!.*''() &$=@;:+,?-]*[A-Za-z0-9_!*''()&$=@;:+,?-])?$'
$$;

-- A name as a careless reader takes it, and some programs, too: letters of any width and case are one, without their
-- marks, and what is not seen is not there (Unicode's Default_Ignorable_Code_Point). "_" stands for what is beyond the
-- basic plane or was added to it since Unicode 14: versions of PostgreSQL don't agree on its letters.
create function casebase.folded_name(name text) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return lower(
    regexp_replace(
      normalize(regexp_replace(name, '[\u2072\u2073\u208f\u209d-\u209f\u218c-\u218f\ua7cb-\ua7f1\U00010000-\U0010ffff]', '_', 'g'), nfkd),
      '[\u00ad\u0300-\u036f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8]',
      '', 'g'
    ) collate "C"
  );
end
$$;

-- The extension that counts, lower case and without its dot, or null. Windows drops dots and blanks at a name's end, and
-- no other sign there makes a type: "run.bat. ", "run.bat," and "run．ＢＡＴ" are all bat.
create function casebase.file_extension(name text) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return substring(rtrim(casebase.folded_name(name), ' !"#$%&''()*+,-./:;<=>?@[\]^_`{|}~') from '\.([a-z0-9]{1,16})$');
end
$$;

-- What Windows or macOS runs on a double click, or does without asking: programs, scripts, installers, shortcuts, changes
-- of the settings.
--
-- From the PATHEXT of Windows, Outlook's list (support.microsoft.com: Blocked attachments in Outlook) and Chromium's
-- (download_file_types.asciipb: DANGEROUS or ALLOW_ON_USER_GESTURE), and what all three leave out: .inetloc and
-- .terminal of macOS, .appinstaller and .msix of Windows. Not here, though in one of them, because cases are made of
-- them: documents and data (.mdb, .pst, .eml, .xml, .mat), certificates (.cer), settings in text (.ini), web pages,
-- archives and images of disks (.cab, .iso, .dmg).
create function casebase.program_extensions() returns text[]
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select
    -- Programs, and what is loaded into them.
    '{app, bgi, class, com, cpi, cpl, dll, drv, dylib, efi, exe, gadget, jar, job, kext, ocx, osax, pif, prefpane, pyd,
      qlgenerator, saver, scr, seplugin, service, sys, u3p, wll, xbap, xll}'::text[]
    -- Scripts.
    || '{action, applescript, bas, bash, bat, caction, cdxml, cmd, command, csh, definition, hta, htc, js, jse, ksh, msh,
      msh1, msh1xml, msh2, msh2xml, mshxml, osas, osascript, pl, ps1, ps1xml, ps2, ps2xml, psc1, psc2, psd1, psdm1, psm1,
      pssc, py, pyc, pyo, pyw, pyz, pyzw, rb, scpt, scptd, sct, sh, shar, tcsh, tool, vb, vbe, vbp, vbs, vbscript,
      vsmacros, wflow, workflow, ws, wsb, wsc, wsf, wsh, zsh}'::text[]
    -- Compiled projects, and help with programs in it.
    || '{accde, ade, adp, chi, chm, fxp, hlp, mde, prg}'::text[]
    -- Installers.
    || '{apk, appimage, appinstaller, application, appref-ms, appx, appxbundle, deb, diagcab, diagcfg, diagpkg, inf, inx,
      isu, jnlp, mpkg, msi, msix, msixbundle, msp, mst, msu, oxt, paf, pkg, rpm, run}'::text[]
    -- Shortcuts, which open or start anything.
    || '{appcontent-ms, desklink, desktop, fileloc, inetloc, library-ms, lnk, mad, maf, mag, mam, maq, mav, maw, scf,
      search-ms, searchconnector-ms, settingcontent-ms, shb, shs, url, webloc, webpnp, website, xnk}'::text[]
    -- Changes of the settings.
    || '{configprofile, ins, internetconnect, isp, mobileconfig, mof, msc, networkconnect, printerexport, reg, rgs,
      terminal, theme}'::text[]
$$;

-- What is wrong with the name of a program: its extension. What stands before or behind a colon is a name, too: on NTFS
-- "run.exe::$DATA" is run.exe.
create function casebase.program_extension(name text) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  part      text;
  extension text;
begin
  foreach part in array coalesce(string_to_array(casebase.folded_name(name), ':'), '{}') loop
    extension := substring(rtrim(part, ' !"#$%&''()*+,-./:;<=>?@[\]^_`{|}~') from '\.([a-z0-9-]+)$');
    if extension = any (casebase.program_extensions()) then
      return extension;
    end if;
  end loop;
  return null;
end
$$;

-- A name as it is kept: composed, so that it is compared as it is read, without what turns the direction of reading round
-- ("invoice<U+202E>fdp.exe" reads as a PDF) and without blanks at its ends. Nobody sees a difference.
create function casebase.kept_name(name text) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return regexp_replace(
    normalize(regexp_replace(name, '[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]', '', 'g'), nfc),
    '^[ \u00a0\u1680\u2000-\u200b\u202f\u205f\u3000\ufeff]+|[ \u00a0\u1680\u2000-\u200b\u202f\u205f\u3000\ufeff]+$', '', 'g'
  );
end
$$;

-- Why a kept name is not taken, or null.
create function casebase.name_fault(name text) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  folded  text := casebase.folded_name(name);
  program text := casebase.program_extension(name);
begin
  return case
    when folded !~ '[^ .\u1680\u2800]' then 'nothing of it can be seen'
    when char_length(name) > 255 then 'it has more than 255 characters'
    when name ~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029\ufdd0-\ufdef\ufffe\uffff]' then 'it has a line break or another control character in it'
    when name ~ '[/\\]' then 'it has folders in it'
    when folded ~ '^(con|prn|aux|nul|com[1-9]|lpt[1-9]|conin\$|conout\$) *([.:]|$)' then 'Windows keeps that name for a device'
    when program is not null then format('.%s is what programs, scripts and shortcuts are named', program)
  end;
end
$$;

-- What is left of a name in letters that Storage takes, for who doesn't say it better: "Grüße aus Łódź.PDF" becomes
-- "grusse-aus-lodz.pdf". Of another script than the Latin one, "file" and the extension are left.
create function casebase.plain_file_name(name text) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  extension text := casebase.file_extension(name);
  stem      text := translate(casebase.folded_name(name), 'øØđĐłŁıħĦŧŦðÐ', 'ooddllihhttdd');
begin
  stem := regexp_replace(stem, '[ßẞ]', 'ss', 'g');
  stem := regexp_replace(stem, '[æÆ]', 'ae', 'g');
  stem := regexp_replace(stem, '[œŒ]', 'oe', 'g');
  stem := regexp_replace(stem, '[þÞ]', 'th', 'g');
  stem := regexp_replace(stem, '[^a-z0-9._]+', '-', 'g');
  stem := btrim(regexp_replace(stem, '[-.]{2,}', '-', 'g'), '-._');
  if extension is null then
    stem := replace(stem, '.', '-');
  else
    stem := rtrim(regexp_replace(stem, extension || '$', ''), '-._');
  end if;
  stem := rtrim(left(stem, 96), '-._');
  return coalesce(nullif(stem, ''), 'file') || coalesce('.' || extension, '');
end
$$;
