// What Casebase's webhooks say. Written by `UPDATE=1 cargo test -p casebase --test database webhook_events`.
// `data` is everything, or, for thin endpoints and where it was erased, the ids alone.

/** Who works it changed. */
export interface CaseAssigned {
  data: {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** Who did it. id is null where nobody signed in did. */
    actor: {
      id: string | null
      name: string
    }
    /** The number people use: CASE-0001 */
    case_id: string
    changes: {
      assigned_to?: {
        to: string | null
        from: string | null
      }
    }
    event_id: number
    client_id: string
    visible_to_client: boolean
  } | {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** The rest was erased, on a person's request. */
    erased?: true
    /** The number people use: CASE-0001 */
    case_id: string
    event_id: number
    client_id: string
  }
  type: 'case.assigned'
  timestamp: string
}

/** A case was opened. */
export interface CaseCreated {
  data: {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** Who did it. id is null where nobody signed in did. */
    actor: {
      id: string | null
      name: string
    }
    title: string
    status: string
    /** The number people use: CASE-0001 */
    case_id: string
    event_id: number
    priority: string
    client_id: string
    split_from: number | null
    follow_up_of: number | null
    visible_to_client: boolean
  } | {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** The rest was erased, on a person's request. */
    erased?: true
    /** The number people use: CASE-0001 */
    case_id: string
    event_id: number
    client_id: string
  }
  type: 'case.created'
  timestamp: string
}

/** It was deleted, and its history with it. Sent only: no history has it. */
export interface CaseDeleted {
  data: {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** Who did it. id is null where nobody signed in did. */
    actor: {
      id: string | null
      name: string
    }
    /** The number people use: CASE-0001 */
    case_id: string
    event_id: number
    client_id: string
    visible_to_client: boolean
  } | {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** The rest was erased, on a person's request. */
    erased?: true
    /** The number people use: CASE-0001 */
    case_id: string
    event_id: number
    client_id: string
  }
  type: 'case.deleted'
  timestamp: string
}

/** It was escalated. */
export interface CaseEscalated {
  data: {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** Who did it. id is null where nobody signed in did. */
    actor: {
      id: string | null
      name: string
    }
    /** The number people use: CASE-0001 */
    case_id: string
    changes: {
      escalated_at?: {
        to: string | null
        from: string | null
      }
      escalation_reason?: {
        changed: true
      }
    }
    event_id: number
    client_id: string
    visible_to_client: boolean
  } | {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** The rest was erased, on a person's request. */
    erased?: true
    /** The number people use: CASE-0001 */
    case_id: string
    event_id: number
    client_id: string
  }
  type: 'case.escalated'
  timestamp: string
}

/** It went to another department. */
export interface CaseHandedOver {
  data: {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** Who did it. id is null where nobody signed in did. */
    actor: {
      id: string | null
      name: string
    }
    /** The number people use: CASE-0001 */
    case_id: string
    changes: {
      department_id?: {
        to: string
        from: string
      }
    }
    event_id: number
    client_id: string
    visible_to_client: boolean
  } | {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** The rest was erased, on a person's request. */
    erased?: true
    /** The number people use: CASE-0001 */
    case_id: string
    event_id: number
    client_id: string
  }
  type: 'case.handed_over'
  timestamp: string
}

/** It was merged into another case, or is no duplicate any more. */
export interface CaseMerged {
  data: {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** Who did it. id is null where nobody signed in did. */
    actor: {
      id: string | null
      name: string
    }
    /** The number people use: CASE-0001 */
    case_id: string
    changes: {
      merged_into?: {
        to: number | null
        from: number | null
      }
    }
    event_id: number
    client_id: string
    visible_to_client: boolean
  } | {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** The rest was erased, on a person's request. */
    erased?: true
    /** The number people use: CASE-0001 */
    case_id: string
    event_id: number
    client_id: string
  }
  type: 'case.merged'
  timestamp: string
}

/** Its status or stage changed. */
export interface CaseStatusChanged {
  data: {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** Who did it. id is null where nobody signed in did. */
    actor: {
      id: string | null
      name: string
    }
    /** The number people use: CASE-0001 */
    case_id: string
    changes: {
      stage?: {
        to: string | null
        from: string | null
      }
      status?: {
        to: string
        from: string
      }
    }
    event_id: number
    client_id: string
    visible_to_client: boolean
  } | {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** The rest was erased, on a person's request. */
    erased?: true
    /** The number people use: CASE-0001 */
    case_id: string
    event_id: number
    client_id: string
  }
  type: 'case.status_changed'
  timestamp: string
}

/** Its title, description, priority, deadline, whose move it is, specialty or metadata changed. */
export interface CaseUpdated {
  data: {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** Who did it. id is null where nobody signed in did. */
    actor: {
      id: string | null
      name: string
    }
    /** The number people use: CASE-0001 */
    case_id: string
    changes: {
      title?: {
        to: string
        from: string
      }
      metadata?: {
        changed: true
      }
      priority?: {
        to: string
        from: string
      }
      description?: {
        changed: true
      }
      escalated_at?: {
        to: string | null
        from: string | null
      }
      escalation_reason?: {
        changed: true
      }
      action_required_by?: {
        to: string | null
        from: string | null
      }
      action_required_of?: {
        to: string | null
        from: string | null
      }
      required_specialty_id?: {
        to: string | null
        from: string | null
      }
    }
    event_id: number
    client_id: string
    visible_to_client: boolean
  } | {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** The rest was erased, on a person's request. */
    erased?: true
    /** The number people use: CASE-0001 */
    case_id: string
    event_id: number
    client_id: string
  }
  type: 'case.updated'
  timestamp: string
}

/** A file was checked and can be read. */
export interface CaseFileAvailable {
  data: {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** Who did it. id is null where nobody signed in did. */
    actor: {
      id: string | null
      name: string
    }
    sha256: string | null
    /** The number people use: CASE-0001 */
    case_id: string
    event_id: number
    client_id: string
    file_name: string
    file_size: number
    case_file_id: number
    content_type: string
    original_name: string
    interaction_id: number | null
    visible_to_client: boolean
  } | {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** The rest was erased, on a person's request. */
    erased?: true
    /** The number people use: CASE-0001 */
    case_id: string
    event_id: number
    client_id: string
    case_file_id: number
    interaction_id: number | null
  }
  type: 'case_file.available'
  timestamp: string
}

/** A file that could be read was deleted. */
export interface CaseFileDeleted {
  data: {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** Who did it. id is null where nobody signed in did. */
    actor: {
      id: string | null
      name: string
    }
    sha256: string | null
    /** The number people use: CASE-0001 */
    case_id: string
    event_id: number
    client_id: string
    file_name: string
    file_size: number
    case_file_id: number
    content_type: string
    original_name: string
    interaction_id: number | null
    visible_to_client: boolean
  } | {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** The rest was erased, on a person's request. */
    erased?: true
    /** The number people use: CASE-0001 */
    case_id: string
    event_id: number
    client_id: string
    case_file_id: number
    interaction_id: number | null
  }
  type: 'case_file.deleted'
  timestamp: string
}

/** A file that could be read was shown to the client, or hidden from them. */
export interface CaseFileMoved {
  data: {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** Who did it. id is null where nobody signed in did. */
    actor: {
      id: string | null
      name: string
    }
    sha256: string | null
    /** The number people use: CASE-0001 */
    case_id: string
    event_id: number
    client_id: string
    file_name: string
    file_size: number
    case_file_id: number
    content_type: string
    original_name: string
    interaction_id: number | null
    visible_to_client: boolean
  } | {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** The rest was erased, on a person's request. */
    erased?: true
    /** The number people use: CASE-0001 */
    case_id: string
    event_id: number
    client_id: string
    case_file_id: number
    interaction_id: number | null
  }
  type: 'case_file.moved'
  timestamp: string
}

/** A file was refused when it was checked, e.g. for a virus; nobody could read it. */
export interface CaseFileRejected {
  data: {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** Who did it. id is null where nobody signed in did. */
    actor: {
      id: string | null
      name: string
    }
    reason: string | null
    /** The number people use: CASE-0001 */
    case_id: string
    event_id: number
    client_id: string
    file_name: string
    case_file_id: number
    original_name: string
    interaction_id: number | null
    visible_to_client: boolean
  } | {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** The rest was erased, on a person's request. */
    erased?: true
    /** The number people use: CASE-0001 */
    case_id: string
    event_id: number
    client_id: string
    case_file_id: number
    interaction_id: number | null
  }
  type: 'case_file.rejected'
  timestamp: string
}

/** Tags or data that only staff see changed. */
export interface CaseInternalUpdated {
  data: {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** Who did it. id is null where nobody signed in did. */
    actor: {
      id: string | null
      name: string
    }
    /** The number people use: CASE-0001 */
    case_id: string
    changes: {
      tags?: {
        to: string[]
        from: string[]
      }
      metadata?: {
        changed: true
      }
    }
    event_id: number
    client_id: string
    visible_to_client: boolean
  } | {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** The rest was erased, on a person's request. */
    erased?: true
    /** The number people use: CASE-0001 */
    case_id: string
    event_id: number
    client_id: string
  }
  type: 'case_internal.updated'
  timestamp: string
}

/** Something was said. */
export interface InteractionCreated {
  data: {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** Who did it. id is null where nobody signed in did. */
    actor: {
      id: string | null
      name: string
    }
    /** The number people use: CASE-0001 */
    case_id: string
    event_id: number
    client_id: string
    party1_type: string
    party2_type: string
    interaction_id: number
    visible_to_client: boolean
  } | {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** The rest was erased, on a person's request. */
    erased?: true
    /** The number people use: CASE-0001 */
    case_id: string
    event_id: number
    client_id: string
    interaction_id: number
  }
  type: 'interaction.created'
  timestamp: string
}

/** What was said was deleted. */
export interface InteractionDeleted {
  data: {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** Who did it. id is null where nobody signed in did. */
    actor: {
      id: string | null
      name: string
    }
    /** The number people use: CASE-0001 */
    case_id: string
    event_id: number
    client_id: string
    interaction_id: number
    visible_to_client: boolean
  } | {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** The rest was erased, on a person's request. */
    erased?: true
    /** The number people use: CASE-0001 */
    case_id: string
    event_id: number
    client_id: string
    interaction_id: number
  }
  type: 'interaction.deleted'
  timestamp: string
}

/** What was said was changed, hidden from the client or shown to them. */
export interface InteractionUpdated {
  data: {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** Who did it. id is null where nobody signed in did. */
    actor: {
      id: string | null
      name: string
    }
    /** The number people use: CASE-0001 */
    case_id: string
    changes: {
      content?: {
        changed: true
      }
      party1_name?: {
        to: string
        from: string
      } | {
        changed: true
      }
      party1_type?: {
        to: string
        from: string
      } | {
        changed: true
      }
      party2_name?: {
        to: string
        from: string
      } | {
        changed: true
      }
      party2_type?: {
        to: string
        from: string
      } | {
        changed: true
      }
      visible_to_client?: {
        to: boolean
        from: boolean
      } | {
        changed: true
      }
    }
    event_id: number
    client_id: string
    interaction_id: number
    visible_to_client: boolean
  } | {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** The rest was erased, on a person's request. */
    erased?: true
    /** The number people use: CASE-0001 */
    case_id: string
    event_id: number
    client_id: string
    interaction_id: number
  }
  type: 'interaction.updated'
  timestamp: string
}

/** Staff wrote an internal note. */
export interface InternalNoteCreated {
  data: {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** Who did it. id is null where nobody signed in did. */
    actor: {
      id: string | null
      name: string
    }
    /** The number people use: CASE-0001 */
    case_id: string
    event_id: number
    client_id: string
    internal_note_id: number
    visible_to_client: boolean
  } | {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** The rest was erased, on a person's request. */
    erased?: true
    /** The number people use: CASE-0001 */
    case_id: string
    event_id: number
    client_id: string
    internal_note_id: number
  }
  type: 'internal_note.created'
  timestamp: string
}

/** An internal note was deleted. */
export interface InternalNoteDeleted {
  data: {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** Who did it. id is null where nobody signed in did. */
    actor: {
      id: string | null
      name: string
    }
    /** The number people use: CASE-0001 */
    case_id: string
    event_id: number
    client_id: string
    internal_note_id: number
    visible_to_client: boolean
  } | {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** The rest was erased, on a person's request. */
    erased?: true
    /** The number people use: CASE-0001 */
    case_id: string
    event_id: number
    client_id: string
    internal_note_id: number
  }
  type: 'internal_note.deleted'
  timestamp: string
}

/** An internal note was changed. */
export interface InternalNoteUpdated {
  data: {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** Who did it. id is null where nobody signed in did. */
    actor: {
      id: string | null
      name: string
    }
    /** The number people use: CASE-0001 */
    case_id: string
    event_id: number
    client_id: string
    internal_note_id: number
    visible_to_client: boolean
  } | {
    /** Counts the events of the case, without gaps, in the order of their commits. */
    seq: number
    /** cases.id */
    case: number
    /** The rest was erased, on a person's request. */
    erased?: true
    /** The number people use: CASE-0001 */
    case_id: string
    event_id: number
    client_id: string
    internal_note_id: number
  }
  type: 'internal_note.updated'
  timestamp: string
}

/** An endpoint was switched off, because its receiver is gone or failed for long. */
export interface WebhookEndpointDisabled {
  data: {
    reason: string
    endpoint_id: string
  } | {
    /** The rest was erased, on a person's request. */
    erased?: true
    endpoint_id: string
  }
  type: 'webhook.endpoint_disabled'
  timestamp: string
}

/** An admin sends it to try an endpoint, whatever that asks for. */
export interface WebhookTest {
  data: {
    endpoint_id: string
  } | {
    /** The rest was erased, on a person's request. */
    erased?: true
    endpoint_id: string
  }
  type: 'webhook.test'
  timestamp: string
}

export type WebhookEvent =
  | CaseAssigned
  | CaseCreated
  | CaseDeleted
  | CaseEscalated
  | CaseHandedOver
  | CaseMerged
  | CaseStatusChanged
  | CaseUpdated
  | CaseFileAvailable
  | CaseFileDeleted
  | CaseFileMoved
  | CaseFileRejected
  | CaseInternalUpdated
  | InteractionCreated
  | InteractionDeleted
  | InteractionUpdated
  | InternalNoteCreated
  | InternalNoteDeleted
  | InternalNoteUpdated
  | WebhookEndpointDisabled
  | WebhookTest
